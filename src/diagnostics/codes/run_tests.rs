//! A0960 to A0969: tests and their reports.

codes! {
    NO_REPORT "A0960" "no test report matches a pattern";
    NO_TEST "A0961" "no test has run";
    NOT_A_REPORT "A0962" "a file is no test report";
    REPORT_LIMIT "A0963" "a test report is larger or odder than reports are";
    TESTS_FAILED "A0964" "tests have failed, and the commands have not said so";
    REPORT_OUTSIDE "A0965" "a test report is outside of the working tree";
}
