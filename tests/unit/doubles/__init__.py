"""The doubles of tests/doubles, checked against what they stand for."""
