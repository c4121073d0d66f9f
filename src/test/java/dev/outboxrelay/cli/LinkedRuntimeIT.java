// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outboxrelay.testing.Await;
import dev.outboxrelay.testing.Certificates;
import dev.outboxrelay.testing.Certificates.Identity;
import dev.outboxrelay.testing.ChildSignals;
import dev.outboxrelay.testing.JavaProcess;
import dev.outboxrelay.testing.LinkedRuntime;
import dev.outboxrelay.testing.Ports;
import dev.outboxrelay.testing.PostgresBinaries;
import dev.outboxrelay.testing.PostgresProcess;
import dev.outboxrelay.testing.ScriptedPeer;
import dev.outboxrelay.testing.Wire;
import java.io.IOException;
import java.net.InetAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import javax.net.ssl.SSLServerSocket;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What ships: the distribution, on the Java runtime that the image holds, as processes. A class
 * that the runtime or the distribution lacks is missed only where it is used, so everything is
 * used: the login is SCRAM over TLS that checks the server's certificate, and both kinds of
 * destinations get a message.
 */
final class LinkedRuntimeIT {
  private static final long PATIENCE_SECONDS = 60;
  private static final Duration LONG = Duration.ofMinutes(3);
  private static final String PASSWORD = "a pässword";

  /** What Java says where something is not there. */
  private static final Pattern MISSING =
      Pattern.compile("NoClassDefFound|ClassNotFound|NoSuch\\w+(Error|Exception)|UnsatisfiedLink");

  @TempDir static Path folder;

  private static final Certificates AUTHORITY = new Certificates("our authority");
  private static LinkedRuntime runtime;
  private static PostgresProcess server;
  private static String url;

  @BeforeAll
  static void linkAndStartAServer() throws Exception {
    runtime = LinkedRuntime.link(folder.resolve("java"));
    Path ca = Certificates.writeCertificate(AUTHORITY.certificate(), folder.resolve("ca.pem"));
    server = PostgresProcess.create(PostgresBinaries.embedded(), Map.of());
    server.execute(
        "postgres",
        "create role shop_owner login createrole password '" + PASSWORD + "'",
        "create database shop owner shop_owner");
    Identity identity = AUTHORITY.forLocalhost();
    Path data = server.dataDirectory();
    Certificates.writeCertificate(identity.certificate(), data.resolve("server.crt"));
    Path key = Certificates.writeKey(identity.key(), data.resolve("server.key"));
    Files.setPosixFilePermissions(key, PosixFilePermissions.fromString("rw-------"));
    Files.writeString(
        data.resolve("pg_hba.conf"),
        "host all postgres 127.0.0.1/32 trust\nhostssl all all 127.0.0.1/32 scram-sha-256\n");
    server.execute("postgres", "alter system set ssl = on", "select pg_reload_conf()");
    url =
        "jdbc:postgresql://localhost:"
            + server.port()
            + "/shop?sslmode=verify-full&sslrootcert="
            + ca;
    Await.until("the server speaks TLS", () -> server.value("postgres", "show ssl").equals("on"));
    try (JavaProcess migrate = start("migrate", "shop_owner", "migrate")) {
      assertEquals(ExitCode.OK, migrate.awaitExit(), migrate.output());
    }
    server.execute(
        "shop", "create role relay login password '" + PASSWORD + "' in role outbox_relay");
  }

  @AfterAll
  static void stop() throws Exception {
    if (server != null) {
      server.close();
    }
  }

  /** Starts a command as a login, with its output in a file of this name. */
  private static JavaProcess start(String name, String login, String... arguments)
      throws IOException {
    Map<String, String> variables = new HashMap<>(runtime.variables());
    variables.put("LC_ALL", "C.UTF-8");
    variables.put("JAVA_TOOL_OPTIONS", "-Xmx128m -XX:+UseSerialGC -XX:TieredStopAtLevel=1");
    if (!login.isEmpty()) {
      variables.put("OUTBOX_RELAY_DATABASE_URL", url);
      variables.put("OUTBOX_RELAY_DATABASE_USER", login);
      variables.put("OUTBOX_RELAY_DATABASE_PASSWORD", PASSWORD);
    }
    return JavaProcess.start(runtime.command(arguments), variables, folder.resolve(name + ".log"));
  }

  @Test
  void message_onTheLinkedRuntime_isDeliveredPlainAndByTls() throws Exception {
    BlockingQueue<String> overTls = new LinkedBlockingQueue<>();
    int port = Ports.free();
    int httpPort = Ports.free();
    try (ScriptedPeer tls = tlsPeer(overTls);
        JavaProcess receive = start("receive", "", "receive", "--port", "" + port);
        JavaProcess relay = start("run", "relay", "run", "--http-port", "" + httpPort)) {
      receive.awaitOutput("receiving on");
      server.execute(
          "shop",
          "insert into outbox.destination (name, uri, options) values"
              + (" ('plain', 'tcp://localhost:" + port + "', default),")
              + (" ('tls', 'tls://localhost:" + tls.port() + "', '" + tlsOptions() + "')"),
          "select outbox.publish(name, json_build_object('hello', name)) from outbox.destination");
      receive.awaitOutput("{\"hello\" : \"plain\"}");
      String line = overTls.poll(PATIENCE_SECONDS, TimeUnit.SECONDS);
      assertTrue(line != null && line.contains("{\"hello\" : \"tls\"}"), relay.output());

      Await.until("it is ready", () -> get(httpPort, "/health/ready").statusCode() == 200);
      String metrics = get(httpPort, "/metrics").body();
      assertTrue(metrics.contains("outbox_relay_connected 1.0"), metrics);
      assertTrue(metrics.contains("process_cpu_usage"), metrics);
      assertTrue(metrics.contains("jvm_memory_used_bytes"), metrics);
      // A build that nohup has started hands down that SIGHUP is ignored.
      if (ChildSignals.reachChildren(ChildSignals.HANG_UP)) {
        relay.signal("HUP");
        relay.awaitOutput("SIGHUP");
      }
      relay.signal("TERM");
      assertEquals(ExitCode.OK, relay.awaitExit(), relay.output());
      assertNothingMissing(relay);
      assertNothingMissing(receive);
    }
  }

  private static ScriptedPeer tlsPeer(BlockingQueue<String> lines) throws IOException {
    SSLServerSocket socket =
        (SSLServerSocket)
            AUTHORITY
                .server(AUTHORITY.forLocalhost())
                .getServerSocketFactory()
                .createServerSocket(0, 50, InetAddress.getLoopbackAddress());
    socket.setNeedClientAuth(true);
    return new ScriptedPeer(
        socket,
        it -> {
          for (String line = it.line(); line != null; line = it.line()) {
            lines.add(line);
            it.say(Wire.ack(Wire.id(line)));
          }
        });
  }

  private static String tlsOptions() throws IOException {
    Identity own = AUTHORITY.forLocalhost();
    Path certificate =
        Certificates.writeCertificate(own.certificate(), folder.resolve("client.crt"));
    Path key = Certificates.writeKey(own.key(), folder.resolve("client.key"));
    return "{\"tls_ca\": \""
        + folder.resolve("ca.pem")
        + "\", \"tls_cert\": \""
        + certificate
        + "\", \"tls_key\": \""
        + key
        + "\"}";
  }

  private static HttpResponse<String> get(int port, String path) throws Exception {
    URI uri = URI.create("http://127.0.0.1:" + port + path);
    return HttpClient.newHttpClient()
        .send(HttpRequest.newBuilder(uri).build(), HttpResponse.BodyHandlers.ofString());
  }

  @Test
  @Tag("full")
  void receiver_onTheLinkedRuntime_passesItsOwnCheck() throws Exception {
    int port = Ports.free();
    try (JavaProcess receive = start("checked", "", "receive", "--port", "" + port)) {
      receive.awaitOutput("receiving on");
      try (JavaProcess check = start("check", "", "check-receiver", "tcp://127.0.0.1:" + port)) {
        assertEquals(ExitCode.OK, check.awaitExit(LONG), check.output());
        assertNothingMissing(check);
      }
      assertNothingMissing(receive);
    }
  }

  @Test
  @Tag("full")
  void doctor_onTheLinkedRuntime_examines() throws Exception {
    try (JavaProcess doctor = start("doctor", "shop_owner", "doctor")) {
      assertTrue(
          List.of(ExitCode.OK, ExitCode.FINDINGS).contains(doctor.awaitExit()), doctor.output());
      assertNothingMissing(doctor);
    }
  }

  /** The library that reads the file has more to it than the image has modules for. */
  @Test
  @Tag("full")
  void apply_onTheLinkedRuntime_appliesAFile() throws Exception {
    Path file = folder.resolve("outbox.yaml");
    Files.writeString(
        file,
        """
        destinations:
          applied:
            uri: tcp://localhost:9000
            max_attempts: 7
        """);
    try (JavaProcess apply = start("apply", "shop_owner", "apply", "-f", "" + file, "--yes")) {
      assertEquals(ExitCode.OK, apply.awaitExit(), apply.output());
      assertNothingMissing(apply);
    }
    assertEquals(
        "7",
        server.value("shop", "select max_attempts from outbox.destination where name = 'applied'"));
    server.execute("shop", "delete from outbox.destination where name = 'applied'");
  }

  /** The scenario that asks a relay for its metrics, by Java's own client. */
  @Test
  @Tag("full")
  void bench_onTheLinkedRuntime_measures() throws Exception {
    Path report = folder.resolve("report");
    try (JavaProcess bench =
        start(
            "bench",
            PostgresProcess.USER,
            "bench",
            "--quick",
            "--runs",
            "1",
            "--scenario",
            "cost",
            "--output",
            "" + report)) {
      assertEquals(ExitCode.OK, bench.awaitExit(LONG), bench.output());
      assertNothingMissing(bench);
    }
  }

  private static void assertNothingMissing(JavaProcess process) throws IOException {
    String output = process.output();
    assertFalse(MISSING.matcher(output).find(), output);
    assertFalse(output.contains("WARNING:"), output);
  }
}
