//! A0800 to A0809: the pre-flight: what a run needs of the world around it.

codes! {
    NOT_ASSUMED "A0800" "a role of a deployment cannot be assumed";
    OTHER_ACCOUNT "A0801" "credentials are for another account than the environment";
    NOT_BOOTSTRAPPED "A0802" "an account is not bootstrapped for the CDK in a region";
    OLD_BOOTSTRAP "A0803" "the CDK's bootstrap of an account is too old";
}
