# Built from a clone alone: docker build -t outbox-relay .
# The build stage makes the jar and a Java runtime of the few modules that it needs; the image holds these two and Debian.
FROM maven:3.9.11-eclipse-temurin-21 AS build
WORKDIR /src
COPY .mvn .mvn
COPY pom.xml .
COPY db db
COPY src/main src/main
RUN mvn -B -ntp -q package -Dmaven.test.skip=true
RUN "$JAVA_HOME/bin/jlink" --output /opt/java --compress=2 --no-header-files --no-man-pages --add-modules \
    java.base,java.logging,java.management,java.naming,java.security.jgss,java.security.sasl,java.sql,java.xml,jdk.crypto.ec,jdk.httpserver,jdk.management,jdk.naming.dns,jdk.unsupported,jdk.zipfs

FROM debian:12.12-slim
COPY --from=build /opt/java /opt/java
COPY --from=build /src/target/outbox-relay.jar /opt/outbox-relay/outbox-relay.jar
COPY LICENSE /opt/outbox-relay/LICENSE
# The name is for initdb, which the demo runs; the number, so that Kubernetes can tell that it is not root.
RUN groupadd --gid 10001 relay && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /tmp relay
USER 10001:10001
WORKDIR /tmp
ENTRYPOINT ["/opt/java/bin/java", "-XX:MaxRAMPercentage=75", "-XX:+ExitOnOutOfMemoryError", "-jar", "/opt/outbox-relay/outbox-relay.jar"]
CMD ["run"]
