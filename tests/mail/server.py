"""A mail server for tests. What it does with a mail, the name of the recipient says: `refuse550@`, `busy450@`, `stall@`, `drop@`;
it takes all others. It prints its port, then each mail that it took as a line of JSON.

usage: server.py plain|starttls|tls|login FOLDER      (FOLDER: server.pem and server.key)
"""

import asyncio
import json
import logging
import ssl
import sys

from aiosmtpd.smtp import SMTP, AuthResult


class Mails:
    async def handle_RCPT(self, server, session, envelope, address, options):
        name = address.split("@")[0]
        if name == "refuse550":
            return "550 5.1.1 no such mailbox"
        if name == "busy450":
            return "450 4.2.0 come again later"
        if name == "stall":
            await asyncio.sleep(3600)
        if name == "drop":
            server.transport.abort()
            raise ConnectionResetError
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        mail = {
            "from": envelope.mail_from,
            "to": envelope.rcpt_tos,
            "content": envelope.content.decode(),
            "hello": session.host_name,
            "tls": session.ssl is not None or server.transport.get_extra_info("ssl_object") is not None,
            "name": session.auth_data.login.decode() if session.auth_data else None,
        }
        print(json.dumps(mail), flush=True)
        return "250 OK"


def sign_in(server, session, envelope, mechanism, data):
    right = data.login == b"forum@example.org" and data.password == b"s:cret/1"
    return AuthResult(success=right, auth_data=data if right else None)


# Clients that break off are what the tests are about.
logging.disable()


async def main(kind, folder):
    context = None
    if kind != "plain":
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(f"{folder}/server.pem", f"{folder}/server.key")

    def connection():
        if kind == "plain":
            return SMTP(Mails(), hostname="mail.test")
        if kind == "tls":
            return SMTP(Mails(), hostname="mail.test")
        login = kind == "login"
        return SMTP(Mails(), hostname="mail.test", tls_context=context, require_starttls=True,
                    authenticator=sign_in if login else None, auth_required=login)

    loop = asyncio.get_running_loop()
    server = await loop.create_server(connection, "127.0.0.1", 0, ssl=context if kind == "tls" else None)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


asyncio.run(main(*sys.argv[1:]))
