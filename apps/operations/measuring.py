"""What the processes of the portal count, for `/metrics`.

Each process counts in files of its own under PROMETHEUS_MULTIPROC_DIR, which the supervisor sets;
without it each process counts for itself. What rows can tell is not counted but asked for.
"""

from __future__ import annotations

from prometheus_client import Counter, Histogram

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)

responses = Counter(
    "gilnun_http_responses", "Answers of the web processes", ["view", "method", "status"]
)
response_seconds = Histogram(
    "gilnun_http_response_seconds", "Time to answer", ["view"], buckets=SECONDS
)
recognition_seconds = Histogram(
    "gilnun_recognition_seconds",
    "Time of an answer by step: decode, encode, model, rank",
    ["step"],
    buckets=SECONDS,
)
recognitions = Counter(
    "gilnun_recognitions", "Answers: sure, unsure, unknown, failed", ["certainty"]
)
model_server_requests = Counter(
    "gilnun_model_server_requests", "Questions to the model server", ["outcome"]
)
