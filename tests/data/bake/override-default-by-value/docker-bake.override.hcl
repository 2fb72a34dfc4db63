V = "value"
W = "value"
T = "7"
