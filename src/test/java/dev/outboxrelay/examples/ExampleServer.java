// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.examples;

import dev.outboxrelay.testing.Program;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** The example servers, and how each is started. */
enum ExampleServer {
  NODE("node", ".js"),
  TWISTED("/usr/bin/python3", ".py"),
  PHP("php", ".php"),
  JAVA(Path.of(System.getProperty("java.home"), "bin", "java").toString(), ".java"),
  XINETD("/usr/sbin/xinetd", ".sh");

  private static final Path EXAMPLES = Path.of("examples", "receivers").toAbsolutePath();

  private final String program;
  private final String extension;

  ExampleServer(String program, String extension) {
    this.program = program;
    this.extension = extension;
  }

  boolean isInstalled() throws IOException, InterruptedException {
    if (!Program.exists(program)) {
      return false;
    }
    return this != TWISTED
        || new ProcessBuilder(program, "-c", "import twisted.internet").start().waitFor() == 0;
  }

  /** Starts the example {@code ack} or {@code plain} and waits until it listens. */
  Running start(String example, int port) throws IOException, InterruptedException {
    return this == XINETD ? xinetd(example, port) : script(example, port);
  }

  private Running script(String example, int port) throws IOException, InterruptedException {
    String name =
        this == JAVA ? example.substring(0, 1).toUpperCase() + example.substring(1) : example;
    String directory = this == TWISTED ? "python" : name().toLowerCase();
    Path script = EXAMPLES.resolve(directory).resolve(name + extension);
    Program server =
        Program.start(List.of(program, script.toString(), Integer.toString(port)), Map.of());
    server.awaitPort(port);
    return new Running(server, server);
  }

  /** xinetd's scripts write a file, which a {@code tail} follows. */
  private Running xinetd(String example, int port) throws IOException, InterruptedException {
    Path directory = Files.createTempDirectory("xinetd-example");
    Path messages = Files.createFile(directory.resolve("messages"));
    Path script = EXAMPLES.resolve("xinetd").resolve(example + extension);
    String configuration =
        Files.readString(EXAMPLES.resolve("xinetd").resolve("outbox.conf"))
            .replace("4000", Integer.toString(port))
            .replace("= nobody", "= " + System.getProperty("user.name"))
            .replace("/usr/local/bin/outbox-receive", script.toString())
            .replace("/tmp/messages.ndjson", messages.toString());
    Path file = Files.writeString(directory.resolve("outbox.conf"), configuration);
    Program server =
        Program.start(
            List.of(
                program,
                "-dontfork",
                "-f",
                file.toString(),
                "-pidfile",
                directory.resolve("pid").toString()),
            Map.of());
    server.awaitPort(port);
    Program tail =
        Program.start(
            List.of("tail", "-n", "+1", "-F", "-s", "0.05", messages.toString()), Map.of());
    return new Running(server, tail);
  }

  /** A server that runs, and where its lines come out. */
  record Running(Program server, Program output) implements Closeable {

    String line() throws InterruptedException {
      return output.line();
    }

    @Override
    public void close() {
      server.close();
      output.close();
    }
  }
}
