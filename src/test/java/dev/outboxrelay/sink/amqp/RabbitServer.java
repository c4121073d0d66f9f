// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.sink.amqp;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Connection;
import com.rabbitmq.client.ConnectionFactory;
import com.rabbitmq.client.GetResponse;
import dev.outboxrelay.testing.Await;
import dev.outboxrelay.testing.Certificates;
import dev.outboxrelay.testing.Ports;
import dev.outboxrelay.testing.Program;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;

/** A real RabbitMQ, with all its files in a directory of its own; user relay, password right. */
public final class RabbitServer implements AutoCloseable {
  private static final String SERVER = "/usr/lib/rabbitmq/bin/rabbitmq-server";
  private static final String CONTROL = "/usr/lib/rabbitmq/bin/rabbitmqctl";

  private final Path directory;
  private final int port = Ports.free();
  private final int securePort = Ports.free();
  private final Map<String, String> environment = new HashMap<>();
  private Program program;

  /** Starts one; the calling tests are skipped where it is not installed. */
  public RabbitServer() throws Exception {
    this(false);
  }

  /**
   * With a choice.
   *
   * @param mutual over TLS it wants a certificate of the client's
   */
  RabbitServer(boolean mutual) throws Exception {
    assumeTrue(
        Files.isExecutable(Path.of(SERVER)),
        "rabbitmq-server is not installed: the tests of RabbitMQ are skipped");
    directory = Files.createTempDirectory("rabbit");
    Certificates authority = new Certificates("rabbit");
    Certificates.Identity identity = authority.forLocalhost();
    Certificates.writeCertificate(authority.certificate(), directory.resolve("ca.pem"));
    Certificates.writeCertificate(identity.certificate(), directory.resolve("cert.pem"));
    Certificates.writeKey(identity.key(), directory.resolve("key.pem"));
    Files.writeString(
        directory.resolve("rabbitmq.conf"),
        """
        listeners.tcp.1 = 127.0.0.1:PORT
        listeners.ssl.1 = 127.0.0.1:SECURE
        ssl_options.cacertfile = DIR/ca.pem
        ssl_options.certfile = DIR/cert.pem
        ssl_options.keyfile = DIR/key.pem
        ssl_options.verify = VERIFY
        ssl_options.fail_if_no_peer_cert = MUTUAL
        default_user = relay
        default_pass = right
        max_message_size = 1000000
        """
            .replace("PORT", Integer.toString(port))
            .replace("SECURE", Integer.toString(securePort))
            .replace("VERIFY", mutual ? "verify_peer" : "verify_none")
            .replace("MUTUAL", Boolean.toString(mutual))
            .replace("DIR", directory.toString()));
    Files.writeString(directory.resolve("plugins"), "[].\n");
    environment.put("HOME", directory.toString());
    environment.put("RABBITMQ_NODENAME", "relay" + port + "@localhost");
    environment.put("RABBITMQ_BASE", directory.toString());
    environment.put("RABBITMQ_MNESIA_BASE", directory.resolve("mnesia").toString());
    environment.put("RABBITMQ_LOG_BASE", directory.resolve("log").toString());
    environment.put("RABBITMQ_LOGS", directory.resolve("log/node.log").toString());
    environment.put("RABBITMQ_PID_FILE", directory.resolve("pid").toString());
    environment.put("RABBITMQ_CONFIG_FILE", directory.resolve("rabbitmq").toString());
    environment.put("RABBITMQ_CONF_ENV_FILE", directory.resolve("env.conf").toString());
    environment.put("RABBITMQ_ENABLED_PLUGINS_FILE", directory.resolve("plugins").toString());
    environment.put("RABBITMQ_DIST_PORT", Integer.toString(Ports.free()));
    environment.put("ERL_EPMD_PORT", Integer.toString(Ports.free()));
    environment.put("ERL_EPMD_ADDRESS", "127.0.0.1");
    // It may be ended although nodes are known to it.
    environment.put("ERL_EPMD_RELAXED_COMMAND_CHECK", "true");
    start();
  }

  private static List<String> asItsUser(String... command) {
    List<String> all = new ArrayList<>();
    if ("root".equals(System.getProperty("user.name"))) {
      all.addAll(List.of("setpriv", "--reuid=rabbitmq", "--regid=rabbitmq", "--clear-groups"));
    }
    all.addAll(List.of(command));
    return all;
  }

  public void start() throws Exception {
    if ("root".equals(System.getProperty("user.name"))) {
      new ProcessBuilder("chown", "-R", "rabbitmq:rabbitmq", directory.toString())
          .start()
          .waitFor();
    }
    program =
        Program.start(
            asItsUser(SERVER),
            environment,
            ProcessBuilder.Redirect.appendTo(directory.resolve("errors").toFile()));
    try {
      Await.until("RabbitMQ serves", Duration.ofMinutes(2), this::serves);
    } catch (AssertionError e) {
      close();
      throw e;
    }
  }

  private boolean serves() {
    try (Connection connection = client()) {
      return connection.isOpen();
    } catch (Exception e) {
      LockSupport.parkNanos(100_000_000);
      return false;
    }
  }

  /** Its control program, such as for its memory's limit. */
  void control(String... words) throws Exception {
    List<String> command = asItsUser(CONTROL);
    command.addAll(List.of(words));
    ProcessBuilder builder =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(directory.resolve("control.log").toFile());
    builder.environment().putAll(environment);
    if (builder.start().waitFor() != 0) {
      throw new AssertionError(Files.readString(directory.resolve("control.log")));
    }
  }

  public void kill() throws InterruptedException {
    program.kill();
  }

  /** The process that serves: the wrapper's child. */
  public void signal(String name) throws Exception {
    String pid = Files.readString(directory.resolve("pid")).strip();
    new ProcessBuilder("kill", "-" + name, pid).start().waitFor();
    Path status = Path.of("/proc", pid, "status");
    while (name.equals("STOP") && !Files.readString(status).contains("State:\tT")) {
      Thread.onSpinWait();
    }
  }

  public int port() {
    return port;
  }

  String uri() {
    return "amqp://127.0.0.1:" + port;
  }

  String secureUri() {
    return "amqps://localhost:" + securePort;
  }

  Path ca() {
    return directory.resolve("ca.pem");
  }

  /** A certificate that it knows, which has the key beside it. */
  Path cert() {
    return directory.resolve("cert.pem");
  }

  Path key() {
    return directory.resolve("key.pem");
  }

  public Connection client() throws Exception {
    ConnectionFactory factory = new ConnectionFactory();
    factory.setHost("127.0.0.1");
    factory.setPort(port);
    factory.setUsername("relay");
    factory.setPassword("right");
    return factory.newConnection();
  }

  /** A queue that survives its broker. */
  public void queue(String name, Map<String, Object> arguments) throws Exception {
    try (Connection connection = client();
        Channel channel = connection.createChannel()) {
      channel.queueDeclare(name, true, false, false, arguments);
    }
  }

  /** Takes everything out of a queue. */
  List<GetResponse> drain(String queue) throws Exception {
    List<GetResponse> all = new ArrayList<>();
    try (Connection connection = client();
        Channel channel = connection.createChannel()) {
      for (GetResponse next = channel.basicGet(queue, true);
          next != null;
          next = channel.basicGet(queue, true)) {
        all.add(next);
      }
    }
    return all;
  }

  static String text(GetResponse message) {
    return new String(message.getBody(), StandardCharsets.UTF_8);
  }

  @Override
  public void close() throws IOException, InterruptedException {
    program.kill();
    ProcessBuilder daemon =
        new ProcessBuilder("epmd", "-port", environment.get("ERL_EPMD_PORT"), "-kill")
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD);
    daemon.environment().putAll(environment);
    daemon.start().waitFor();
    try (Stream<Path> files = Files.walk(directory)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(file);
      }
    }
  }
}
