"""The sandbox: collectivité 999D, its clock, and the faults that its partners ask for."""
