//! A0970 to A0979: AWS.

codes! {
    NO_CREDENTIALS "A0970" "there are no AWS credentials that are valid";
    DENIED "A0971" "AWS does not allow what is asked";
    UNREACHABLE "A0972" "AWS does not answer";
    FAILED "A0973" "AWS did not do what was asked";
    ALARM "A0974" "an alarm went off";
    NO_ALARM "A0975" "an alarm is not there";
    NOT_WATCHED "A0976" "nobody tells how alarms are";
    STACK_FAILED "A0977" "a stack was not deployed";
    STACK_STUCK "A0978" "a stack is not free for what is to be deployed";
    NO_EXPORT "A0979" "an export of the cluster is not there";
}
