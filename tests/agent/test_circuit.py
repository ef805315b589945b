"""The circuit breaker, driven by the clock of the test."""

from __future__ import annotations

from api_server.services.agent_circuit import Circuit


def broken(at: float = 0.0) -> Circuit:
    circuit = Circuit()
    for _ in range(3):
        circuit.failed(at, "free")
    assert circuit.is_open
    return circuit


def test_opens_after_three_failures_in_a_row() -> None:
    """Two failures are chance; the third closes the server off."""
    circuit = Circuit()
    for _ in range(2):
        circuit.failed(0.0, "free")
        assert circuit.admit(0.0) == "free"
    circuit.failed(0.0, "free")
    assert circuit.admit(0.0) is None


def test_success_in_between_starts_the_count_again() -> None:
    """Only failures in a row count."""
    circuit = Circuit()
    for _ in range(5):
        circuit.failed(0.0, "free")
        circuit.failed(0.0, "free")
        circuit.succeeded()
    assert not circuit.is_open


def test_one_trial_at_a_time_after_the_cooldown() -> None:
    """Ten seconds after it opened, one question may try; the others are refused meanwhile."""
    circuit = broken(at=100.0)
    assert circuit.admit(109.9) is None
    assert circuit.admit(110.0) == "trial"
    assert circuit.admit(110.0) is None
    circuit.succeeded()
    assert circuit.admit(110.0) == "free"


def test_failed_trial_waits_again() -> None:
    """A trial that fails opens the circuit anew, from then on."""
    circuit = broken(at=0.0)
    assert circuit.admit(10.0) == "trial"
    circuit.failed(15.0, "trial")
    assert circuit.admit(24.9) is None
    assert circuit.admit(25.0) == "trial"


def test_abandoned_trial_lets_another_try() -> None:
    """A trial whose client left has told nothing: the next question may try at once."""
    circuit = broken(at=0.0)
    assert circuit.admit(10.0) == "trial"
    circuit.abandoned("trial")
    assert circuit.admit(10.0) == "trial"


def test_late_failures_do_not_prolong_it() -> None:
    """Questions that were out when it opened fail one by one; the cooldown runs all the same."""
    circuit = broken(at=0.0)
    circuit.failed(9.0, "free")
    assert circuit.admit(10.0) == "trial"


def test_late_success_closes_it() -> None:
    """A question that was out when it opened, and is answered, is as good as a trial."""
    circuit = broken()
    circuit.succeeded()
    assert circuit.admit(0.0) == "free"


def test_where_somebody_probes_no_question_is_a_trial() -> None:
    """A watched server is tried by probes, not at a client's expense."""
    circuit = broken(at=0.0)
    assert circuit.admit(1000.0, trials=False) is None


def test_answered_probe_closes_it_on_probation() -> None:
    """After a probe one more failure is enough; after an answer, three again."""
    circuit = broken()
    circuit.probe_answered()
    assert circuit.admit(0.0) == "free"
    circuit.failed(0.0, "free")
    assert circuit.is_open
    circuit.probe_answered()
    circuit.succeeded()
    circuit.failed(0.0, "free")
    assert not circuit.is_open


def test_probe_does_not_excuse_failures() -> None:
    """A server whose list of models answers while its questions fail is still closed off."""
    circuit = Circuit()
    for _ in range(3):
        circuit.failed(0.0, "free")
        circuit.probe_answered()
    circuit.failed(0.0, "free")
    assert circuit.is_open


def test_probes_that_fail_open_it_too() -> None:
    """An idle service finds out before its first client does."""
    circuit = Circuit()
    circuit.probe_failed(0.0)
    circuit.probe_failed(5.0)
    assert not circuit.is_open
    circuit.probe_failed(10.0)
    assert circuit.is_open
