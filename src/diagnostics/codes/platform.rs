//! A07: limits of AWS, Kubernetes and Argo.

codes! {}
