//! A0900 to A0909: runs, and what a stage is given.

codes! {
    NOT_IN_A_RUN "A0900" "a stage was started outside of a run";
    MALFORMED "A0901" "what a stage was given is malformed";
}
