mod facts;
mod json;
mod mutations;
mod properties;
mod steps;
