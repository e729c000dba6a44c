//! A07: limits of AWS, Kubernetes and Argo.

codes! {
    NAME_TOO_LONG "A0701" "a name that becomes too long";
    PARAMETER_LIMIT "A0702" "more parameters, or longer ones, than CloudFormation takes";
    ENVIRONMENT_SIZE "A0703" "more text in environment variables than a process can be given";
    ROLE_SESSION "A0704" "a session longer than AWS gives";
    RESERVED_VARIABLE "A0705" "an environment variable that the platform itself sets";
}
