//! A0980 to A0985: containers on one machine.

codes! {
    NOT_STARTED "A0980" "a container cannot be started";
    NOT_READY "A0981" "a side-car is not ready";
    PORT_TAKEN "A0982" "the port of a side-car is used by another program";
}
