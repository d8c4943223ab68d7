//! Values of CQL as text and as JSON, and back, by the types of their columns.
