"""How a bundle becomes an image for whoever runs containers: reader and bench in one, for amd64 and arm64.

It installs as a board does, by `install.sh`, from the wheels in the folder where they are there. What runs is no root, writes
nowhere in the image, and needs no network.
"""

FILE = "Containerfile"

CONTAINERFILE = """\
# This bundle as an image, for amd64 and arm64: podman (or docker) in this folder,
#   podman build --platform linux/amd64,linux/arm64 --manifest radlib-reader --file Containerfile .
# Read films; no network, nothing written but into the folder that is mounted for it:
#   podman run --rm --read-only --tmpfs /tmp --network none --volume FILMS:/films:ro --volume ANSWERS:/answers \\
#       radlib-reader /films --csv /answers/answers.csv
# What it costs on this machine: the same with --entrypoint /bundle/bench
FROM docker.io/library/python:3.13-slim-trixie AS installed
WORKDIR /bundle
COPY . /bundle
RUN rm -rf .venv && sh install.sh && rm -rf wheels && chmod -R a+rX /bundle

FROM docker.io/library/python:3.13-slim-trixie
LABEL org.opencontainers.image.description="Reads chest films. Research only, not a medical device."
COPY --from=installed /bundle /bundle
ENV HOME=/tmp PYTHONDONTWRITEBYTECODE=1
WORKDIR /films
USER 65532:65532
ENTRYPOINT ["/bundle/read"]
"""
