mod list;
mod set;
