//! Tools on top: explain, new, graph pictures.
