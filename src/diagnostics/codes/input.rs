//! A00: input files and the command line.

codes! {}
