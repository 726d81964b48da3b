#!/bin/sh
# Installs what the tests of SMTP need into target/mail: a mail server (aiosmtpd, Python), and a certificate for it that nobody else
# trusts.
set -eu
cd "$(dirname "$0")/.."

home=target/mail
wanted="aiosmtpd==1.4.6 trustme==1.2.1"

if [ "$(cat "$home/.installed" 2>/dev/null || true)" = "$wanted" ]; then exit 0; fi
if ! command -v python3 >/dev/null || ! python3 -c 'import ensurepip, venv' 2>/dev/null; then
    scripts/install.sh "Python 3" --deb "python3 python3-venv" --dnf python3 --brew python
fi
rm -rf "$home"
mkdir -p "$home"
python3 -m venv "$home/venv"
# shellcheck disable=SC2086
"$home/venv/bin/pip" install --quiet --disable-pip-version-check $wanted >&2
"$home/venv/bin/python" -m trustme --quiet --dir "$home" --identities localhost
echo "$wanted" >"$home/.installed"
