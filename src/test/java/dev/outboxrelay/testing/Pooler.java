// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.testing;

import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.postgresql.Driver;

/** A PgBouncer before a test database, where that program is installed. */
public final class Pooler implements AutoCloseable {
  private static final Path PROGRAM = Path.of("/usr/sbin/pgbouncer");

  private final Process process;
  private final String url;

  private Pooler(Process process, String url) {
    this.process = process;
    this.url = url;
  }

  public static boolean isInstalled() {
    return Files.isExecutable(PROGRAM);
  }

  /**
   * Starts one.
   *
   * @param settings lines of its configuration, {@code pool_mode = session}
   */
  public static Pooler before(TestDatabase db, String... settings) throws Exception {
    var server = Driver.parseURL(db.url(), null);
    if (server == null) {
      throw new IllegalArgumentException(db.url());
    }
    int port = Ports.free();
    Path file =
        Files.createTempFile(
            Files.createDirectories(Path.of("target").toAbsolutePath()), "pooler", ".ini");
    Files.writeString(
        file,
        """
        [databases]
        * = host=127.0.0.1 port=%s user=%s%s
        [pgbouncer]
        listen_addr = 127.0.0.1
        listen_port = %d
        unix_socket_dir =
        auth_type = any
        %s
        """
            .formatted(
                server.getProperty("PGPORT"),
                db.user(),
                db.password().isEmpty() ? "" : " password='" + db.password() + "'",
                port,
                String.join("\n", settings)));
    file.toFile().setReadable(true, false);
    List<String> command = new ArrayList<>();
    if ("root".equals(System.getProperty("user.name"))) {
      command.addAll(List.of("unshare", "-U"));
    }
    command.addAll(List.of(PROGRAM.toString(), file.toString()));
    Process process =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .start();
    Pooler pooler = new Pooler(process, "jdbc:postgresql://127.0.0.1:" + port + "/" + db.name());
    Await.until("the pooler listens", () -> pooler.listens(port));
    Files.delete(file);
    return pooler;
  }

  private boolean listens(int port) {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
      return socket.isConnected();
    } catch (IOException e) {
      return false;
    }
  }

  public String url() {
    return url;
  }

  @Override
  public void close() throws InterruptedException {
    process.destroy();
    if (!process.waitFor(10, TimeUnit.SECONDS)) {
      process.destroyForcibly();
    }
  }
}
