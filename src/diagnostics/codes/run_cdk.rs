//! A0940 to A0959: the CDK: synth, assembly, deployment.

codes! {
    UNREADABLE_ASSEMBLY "A0940" "a cloud assembly cannot be read";
    NO_SUCH_STACK "A0941" "a stack selects nothing in the assembly";
    OTHER_ACCOUNT "A0942" "a stack is for another account than its environment";
    OTHER_REGION "A0943" "a stack is for another region than its environment";
    NO_SUCH_OUTPUT "A0944" "a declared output is not in the template";
    MISSING_CONTEXT "A0945" "the app asks for context that is not there";
    ORDER "A0946" "a stack is written before one that it needs";
    NO_SUCH_PARAMETER "A0947" "a parameter is not in the template";
    NO_VALUE "A0948" "a parameter has no value";
    SHOWN_SECRET "A0949" "a parameter would show a secret";
    NO_CDK "A0950" "the CDK CLI is not there";
    SYNTH_FAILED "A0951" "a synth failed";
    DEPLOY_FAILED "A0952" "a stack was not deployed";
    VALUE_UNKNOWN "A0953" "a value that a stage needs is not known yet";
    NO_DIFF "A0954" "a stack cannot be compared with what was deployed";
}
