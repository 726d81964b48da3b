mod forgot_password;
mod login;
mod logout;
mod refresh;
mod reset_password;
mod verify_email;
