mod body;
mod frame;
