// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.sink.nats;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.outboxrelay.testing.Ports;
import dev.outboxrelay.testing.Program;
import io.nats.client.Connection;
import io.nats.client.Nats;
import io.nats.client.Options;
import io.nats.client.api.DiscardPolicy;
import io.nats.client.api.MessageInfo;
import io.nats.client.api.StorageType;
import io.nats.client.api.StreamConfiguration;
import io.nats.client.impl.NatsMessage;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** A real nats-server, with JetStream in a directory of its own. */
public final class NatsServer implements AutoCloseable {
  private final Path configuration;
  private final int port;
  private Program program;

  /**
   * Starts one; the calling test is skipped where it is not installed.
   *
   * @param more lines of its configuration
   */
  public NatsServer(Path directory, String more) throws Exception {
    assumeTrue(
        Program.exists("nats-server"),
        "nats-server is not installed: the tests of NATS are skipped");
    port = Ports.free();
    configuration = directory.resolve("nats.conf");
    Files.writeString(
        configuration,
        "listen: \"127.0.0.1:"
            + port
            + "\"\njetstream { store_dir: \""
            + directory.resolve("store")
            + "\" }\n"
            + more);
    start();
  }

  public void start() throws Exception {
    program =
        Program.start(
            List.of(
                Files.isExecutable(Path.of("/usr/sbin/nats-server"))
                    ? "/usr/sbin/nats-server"
                    : "nats-server",
                "-c",
                configuration.toString(),
                "-l",
                configuration + ".log"),
            Map.of());
    program.awaitPort(port);
  }

  public int port() {
    return port;
  }

  public Program program() {
    return program;
  }

  public String uri(String subject) {
    return "nats://127.0.0.1:" + port + "/" + subject;
  }

  public Connection client() throws IOException, InterruptedException {
    return Nats.connect(new Options.Builder().server("nats://127.0.0.1:" + port).build());
  }

  public void stream(String name, String subjects) throws Exception {
    stream(name, subjects, -1);
  }

  /** A stream that is full with so many messages, and then takes no more. */
  void stream(String name, String subjects, long most) throws Exception {
    try (Connection connection = client()) {
      connection
          .jetStreamManagement()
          .addStream(
              StreamConfiguration.builder()
                  .name(name)
                  .subjects(subjects)
                  .storageType(StorageType.File)
                  .maxMessages(most)
                  .discardPolicy(most > 0 ? DiscardPolicy.New : DiscardPolicy.Old)
                  .build());
    }
  }

  void purge(String stream) throws Exception {
    try (Connection connection = client()) {
      connection.jetStreamManagement().purgeStream(stream);
    }
  }

  /** What a stream holds, in its order. */
  List<MessageInfo> read(String stream) throws Exception {
    List<MessageInfo> all = new ArrayList<>();
    try (Connection connection = client()) {
      var streams = connection.jetStreamManagement();
      var state = streams.getStreamInfo(stream).getStreamState();
      for (long at = Math.max(1, state.getFirstSequence()); at <= state.getLastSequence(); at++) {
        all.add(streams.getMessage(stream, at));
      }
    }
    return all;
  }

  static String text(MessageInfo message) {
    return new String(message.getData(), StandardCharsets.UTF_8);
  }

  /** Answers as a service does that is no stream. */
  static void answer(Connection service, io.nats.client.Message asked) {
    service.publish(NatsMessage.builder().subject(asked.getReplyTo()).data("thank you").build());
  }

  @Override
  public void close() {
    program.close();
  }
}
