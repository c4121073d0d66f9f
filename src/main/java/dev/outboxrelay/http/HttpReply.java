// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.http;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * What is answered.
 *
 * @param type the content's type
 * @param headers more headers, by their names
 * @param stream told of the stream that follows the body; null when nothing follows
 * @param heldBack how long the client waits for it
 */
public record HttpReply(
    int status,
    String type,
    byte[] body,
    Map<String, String> headers,
    @Nullable Consumer<HttpStream> stream,
    Duration heldBack) {
  private static final String TEXT = "text/plain; charset=utf-8";

  public HttpReply(int status, String type, byte[] body) {
    this(status, type, body, Map.of(), null, Duration.ZERO);
  }

  /** A line of text. */
  public static HttpReply line(int status, String text) {
    return text(status, TEXT, text + "\n");
  }

  public static HttpReply text(int status, String type, String text) {
    return new HttpReply(status, type, text.getBytes(StandardCharsets.UTF_8));
  }

  /** An answer without an end. */
  public static HttpReply streaming(String type, Consumer<HttpStream> opened) {
    return new HttpReply(200, type, new byte[0], Map.of(), opened, Duration.ZERO);
  }

  /** The same with one more header. */
  public HttpReply with(String name, String value) {
    Map<String, String> more = new LinkedHashMap<>(headers);
    more.put(name, value);
    return new HttpReply(status, type, body, more, stream, heldBack);
  }

  /** The same, after a while. */
  public HttpReply after(Duration wait) {
    return new HttpReply(status, type, body, headers, stream, wait);
  }
}
