// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.sink.http;

import dev.outboxrelay.sink.Secrets;
import dev.outboxrelay.sink.Sink;
import dev.outboxrelay.sink.SinkListener;
import dev.outboxrelay.sink.Transport;
import dev.outboxrelay.sink.TransportKind;
import dev.outboxrelay.sink.TransportKind.OptionKind;
import dev.outboxrelay.sink.tcp.Sockets;
import dev.outboxrelay.sink.tcp.TlsOptions;
import dev.outboxrelay.values.Destination;
import dev.outboxrelay.values.Destination.Ack;
import dev.outboxrelay.values.Destination.Format;
import dev.outboxrelay.values.Destination.Framing;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;

/** Requests over HTTP, to destinations whose uri begins with http:// or https://. */
public final class HttpTransport implements Transport {
  /** What it declares of itself. */
  public static final TransportKind KIND =
      new TransportKind(
          List.of("http", "https"),
          Stream.concat(
                  Stream.of(
                      OptionKind.of("connections", "number 1 64", "8", "how many are kept at most"),
                      OptionKind.of(
                          "batch",
                          "number 1 1000",
                          "1",
                          "how many messages at most make one request, a JSON array"),
                      OptionKind.of(
                          "cloudevents_mode",
                          "choice structured binary",
                          "structured",
                          "how the format cloudevents is written"),
                      OptionKind.of("headers", "headers", "none", "headers of your own"),
                      OptionKind.of(
                          "signing_secret",
                          "secrets",
                          "none",
                          "signs requests; several while keys are exchanged"),
                      OptionKind.of(
                          "idle_timeout_ms",
                          "number 1 86400000",
                          "30000",
                          "how long a connection may be silent until it is closed")),
                  OptionKind.tls().stream())
              .toList(),
          "by key, many requests under way",
          "a request for each, or a batch",
          "a status from 200 to 299",
          "429, 502, 503, 504, with Retry-After");

  /** A secret that was changed is used after so long. */
  private static final Duration REREAD = Duration.ofSeconds(5);

  private final Sockets sockets;
  private final Secrets secrets;
  private final Duration reread;

  /**
   * @param sockets others use them too; they are closed with this
   * @param secrets what options name
   */
  public HttpTransport(Sockets sockets, Secrets secrets) {
    this(sockets, secrets, REREAD);
  }

  HttpTransport(Sockets sockets, Secrets secrets, Duration reread) {
    this.sockets = sockets;
    this.secrets = secrets;
    this.reread = reread;
  }

  @Override
  public Sink connect(Destination destination, SinkListener listener) {
    return sockets.connect(
        destination.name(),
        listener,
        (loop, tracked) -> {
          HttpUri uri = HttpUri.parse(destination.uri());
          HttpOptions options = HttpOptions.parse(destination.options());
          check(destination, uri, options);
          HttpSink sink =
              new HttpSink(destination, uri, options, sockets, secrets, reread, loop, tracked);
          sink.open();
          return sink;
        });
  }

  /** As many as are under way, and as many again, so that no connection waits for the relay. */
  @Override
  public int mostInFlight(Destination destination) {
    try {
      HttpOptions options = HttpOptions.parse(destination.options());
      return 2 * options.connections() * options.batch();
    } catch (IllegalArgumentException e) {
      return 1;
    }
  }

  /** The table refuses these when they are saved; a restored one may hold them all the same. */
  private static void check(Destination destination, HttpUri uri, HttpOptions options) {
    if (destination.framing() != Framing.NDJSON || destination.ack() != Ack.LINE) {
      throw new IllegalArgumentException(
          "framing and ack stay as they are by default: the answer to a request acknowledges");
    }
    if (!uri.endpoint().secure() && !options.tls().equals(TlsOptions.NONE)) {
      throw new IllegalArgumentException(
          "options for TLS need a uri that begins with https://, it is " + destination.uri());
    }
    if (options.binary() && destination.format() != Format.CLOUDEVENTS) {
      throw new IllegalArgumentException(
          "cloudevents_mode 'binary' needs the format 'cloudevents'");
    }
    if (options.batch() > 1 && (options.binary() || destination.format() == Format.PAYLOAD)) {
      throw new IllegalArgumentException(
          "a batch needs messages that carry their ids: not cloudevents_mode 'binary', and not the"
              + " format 'payload'");
    }
  }

  @Override
  public void close() {
    sockets.close();
  }
}
