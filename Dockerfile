# The program in a small image: built on Debian 12, run on Debian 12 slim with git and ssh, as a user without rights.
#
#   docker build -t plumb .
#   docker run --rm plumb version
FROM debian:12-slim AS build
WORKDIR /src
# The packages first: they change seldom, and their layer is kept.
COPY scripts/install-packages.sh scripts/packages.txt scripts/
RUN scripts/install-packages.sh build
COPY . .
RUN make install PREFIX=/out && strip /out/bin/plumb

FROM debian:12-slim
COPY scripts/install-packages.sh scripts/packages.txt /tmp/install/scripts/
# A user of its own: ssh refuses to run for a number that /etc/passwd does not know.
RUN /tmp/install/scripts/install-packages.sh run && useradd --uid 65532 --no-create-home --home-dir /tmp --shell /usr/sbin/nologin plumb && rm -rf /tmp/install /var/lib/apt/lists/* /var/cache/apt/*
COPY --from=build /out/bin/plumb /usr/local/bin/plumb
# By number, so that Kubernetes can see that it is not root. All that is written is the cache and /tmp.
USER 65532:65532
ENV HOME=/tmp XDG_CACHE_HOME=/cache
EXPOSE 8080
ENTRYPOINT ["/usr/local/bin/plumb"]
CMD ["help"]
