"""Where is the fault? Voters that each have their own opinion, and the fusion of their votes into one ranking."""
