# The operator. BASE has CA certificates and nothing that runs; the binary is static.
ARG BASE=gcr.io/distroless/static:nonroot
FROM ${BASE}
COPY operator /operator
COPY licenses /licenses/
USER 65532:65532
ENTRYPOINT ["/operator"]
