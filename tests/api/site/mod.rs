mod health;
mod jwks;
