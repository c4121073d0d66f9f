// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.console;

import dev.outboxrelay.http.HttpLimits;
import dev.outboxrelay.http.HttpPage;
import dev.outboxrelay.http.HttpReply;
import dev.outboxrelay.http.HttpServer;
import dev.outboxrelay.http.HttpSite;
import dev.outboxrelay.operate.Row;
import dev.outboxrelay.store.Login;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * The console of a relay, from start to close. Its listener is its own, not that of health and
 * metrics: those are for whoever asks, from wherever; this is for few, and neither may take the
 * other's connections.
 */
public final class Console implements AutoCloseable {
  /** Beside the pages that are open: what they ask, and who comes in. */
  private static final int OTHER_CONNECTIONS = 128;

  private static final int BODY_BYTES = 64 * 1024;

  /** So many sessions may questions of people take. */
  private static final int QUESTIONS_AT_ONCE = 3;

  private static final HttpLimits LIMITS =
      new HttpLimits(
          Hub.MOST + OTHER_CONNECTIONS,
          Duration.ofSeconds(10),
          Duration.ofMinutes(2),
          Duration.ofSeconds(60),
          BODY_BYTES,
          QUESTIONS_AT_ONCE);

  private final HttpServer server;
  private final Watch watch;
  private final Work work;

  private Console(HttpServer server, Watch watch, Work work) {
    this.server = server;
    this.watch = watch;
    this.work = work;
  }

  /**
   * Where it is and who may come in.
   *
   * @param host to listen on
   * @param port 0 for a free one
   * @param tokens the file of tokens
   * @param url how browsers reach it through a proxy, null for no proxy
   * @param relay the relay's name
   * @param version the program's
   * @param database where it is, for people
   */
  public record Settings(
      String host,
      int port,
      Path tokens,
      @Nullable String url,
      String relay,
      String version,
      String database) {}

  /**
   * Starts to serve.
   *
   * @param rates what the relay delivers
   * @throws UnfitTokens when the file of tokens makes no sense
   * @throws IllegalArgumentException when the URL makes none
   * @throws IOException when the address cannot be listened on
   */
  public static Console start(Settings settings, Login login, Rates rates) throws IOException {
    return start(settings, new DatabaseDesk(login), rates);
  }

  static Console start(Settings settings, Desk desk, Rates rates) throws IOException {
    TokenFile tokens = TokenFile.open(settings.tokens(), System::nanoTime);
    URI url = settings.url() == null ? null : ConsoleAddress.url(settings.url());
    InetSocketAddress wanted = new InetSocketAddress(settings.host(), settings.port());
    AtomicReference<HttpSite> site =
        new AtomicReference<>(
            request -> HttpPage.now(HttpReply.line(503, "the console is starting")));
    // The names that are let in hold the port, which is known once it is listened on.
    HttpServer server = HttpServer.start(wanted, request -> site.get().find(request), LIMITS);
    InetSocketAddress listening = new InetSocketAddress(wanted.getAddress(), server.port());
    Guard guard =
        new Guard(
            ConsoleAddress.of(settings.host(), listening, url),
            tokens,
            new Tickets(() -> System.currentTimeMillis() / 1000),
            new Attempts(System::nanoTime),
            "outbox_relay_console_" + server.port());
    Deeds deeds = new Deeds();
    Work work = new Work(desk, deeds, guard::isStillKnown);
    Hub hub = new Hub(System::nanoTime);
    Row about =
        Row.of(
            "relay", settings.relay(),
            "version", settings.version(),
            "database", settings.database());
    site.set(new Site(guard, Assets.load(), new Api(desk, rates, work, deeds, about), hub));
    Watch watch = new Watch(desk, rates, work, hub, guard::isStillIn);
    watch.start();
    return new Console(server, watch, work);
  }

  public int port() {
    return server.port();
  }

  @Override
  public void close() {
    watch.close();
    server.close();
    work.close();
  }
}
