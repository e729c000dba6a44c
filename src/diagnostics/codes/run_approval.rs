//! A0990 to A0992: approvals.

codes! {
    REJECTED "A0990" "an approval was not given";
    NOT_AN_APPROVER "A0991" "somebody answered who may not";
    NOT_ASKED "A0992" "nothing waits for an answer";
}
