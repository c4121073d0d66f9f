# Built from a clone alone: docker build -t outbox-relay .
# The build stage makes the distribution and a Java runtime of the few modules that it needs; the image holds its
# programs, these modules and Debian. There is no PostgreSQL in it: the demo runs from a clone.
# MAVEN_IMAGE: an image with Maven and a JDK of 21 or later, where this one cannot be had, or must hold settings of yours.
ARG MAVEN_IMAGE=maven:3.9.11-eclipse-temurin-25
FROM ${MAVEN_IMAGE} AS build
WORKDIR /src
COPY .mvn .mvn
COPY pom.xml .
COPY bin bin
COPY db db
COPY src/assembly src/assembly
COPY src/main src/main
# Of the two that are unpacked, the one that has a launcher. Without the package for Debian, which needs more files.
RUN mvn -B -ntp -q package -Dmaven.test.skip=true -Djdeb.skip=true -Dcyclonedx.skip=true && \
    mkdir -p /opt/outbox-relay && set -- target/outbox-relay-*/outbox-relay-*/bin && cp -r "$1" "${1%/bin}/lib" /opt/outbox-relay
# What our classes and the libraries need, by name or by reflection; `mvn verify` delivers on a runtime of these.
# Not into /opt/java, where images of Temurin keep their JDK.
RUN "$JAVA_HOME/bin/jlink" --output /opt/linked --compress=zip-6 --no-header-files --no-man-pages --add-modules \
    java.base,java.logging,java.management,java.naming,java.net.http,java.security.jgss,java.security.sasl,java.sql,java.xml,jdk.crypto.ec,jdk.httpserver,jdk.management,jdk.naming.dns,jdk.net,jdk.security.auth,jdk.unsupported,jdk.zipfs
# What Java reads and checks at each start is done beforehand: relays that deliver to the bench leave it behind, on the
# PostgreSQL of the demo's add-on, which root may not start. Where that cannot be had for this kind of machine, or Java is
# older than 25, the image starts without, as it would do anyway.
RUN cp -r target/outbox-relay-*/outbox-relay-*/lib/demo /opt/outbox-relay/lib
USER nobody
RUN JAVA_HOME=/opt/linked /opt/outbox-relay/bin/outbox-relay bench --quick --runs 1 --scenario cold --output /tmp/prepare \
    --java-options "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC -XX:AOTCacheOutput=/tmp/outbox-relay.aot" || true
USER root
RUN rm -r /opt/outbox-relay/lib/demo && if [ -f /tmp/outbox-relay.aot ]; then \
    install -m 644 /tmp/outbox-relay.aot /opt/outbox-relay/lib; else echo "built without a prepared start"; fi

FROM debian:12.12-slim
COPY --from=build /opt/linked /opt/java
COPY --from=build /opt/outbox-relay /opt/outbox-relay
COPY LICENSE /opt/outbox-relay/LICENSE
ENV JAVA_HOME=/opt/java
# How arguments, variables and file names are read; without it, letters other than ASCII would be lost.
ENV LANG=C.UTF-8
ENV JAVA_OPTS="-XX:MaxRAMPercentage=75 -XX:+ExitOnOutOfMemoryError"
# The link is for commands inside the container: docker compose exec relay outbox-relay status
# The number, so that Kubernetes can tell that it is not root.
RUN ln -s /opt/outbox-relay/bin/outbox-relay /usr/local/bin/outbox-relay && \
    groupadd --gid 10001 relay && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /tmp relay
USER 10001:10001
WORKDIR /tmp
ENTRYPOINT ["/opt/outbox-relay/bin/outbox-relay"]
CMD ["run"]
