//! A07: limits of AWS, Kubernetes and Argo.

codes! {
    NAME_TOO_LONG "A0701" "a name that becomes too long";
    PARAMETER_LIMIT "A0702" "more parameters, or longer ones, than CloudFormation takes";
    ENVIRONMENT_SIZE "A0703" "environment variables that no process can be given";
    ROLE_SESSION "A0704" "a session longer than AWS gives";
    RESERVED_VARIABLE "A0705" "an environment variable that the platform itself sets";
    OBJECT_SIZE "A0750" "a pipeline larger than an object of the cluster may be";
    TEMPLATE_COUNT "A0751" "more templates than Argo takes";
    TASK_COUNT "A0752" "more stages in one graph than Argo takes";
    RUN_SIZE "A0753" "a run larger than Argo keeps";
    ARGO_TAG "A0754" "text that Argo would replace";
    SIDE_CAR_ENV "A0755" "a value that a side-car cannot be given";
    OBJECTS_EQUAL "A0756" "two pipelines make an object of the same name";
    STACK_SIZE "A0757" "a pipeline's own stack larger than AWS takes";
}
