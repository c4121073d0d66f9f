// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.http;

import io.netty.handler.codec.http.HttpHeaders;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a client asks for, read as a whole.
 *
 * @param method in capitals, {@code GET}
 * @param path decoded, without the query
 * @param query the values of each name
 * @param fault what is wrong with the path or the query, both of which are empty then
 * @param headers as they came
 * @param body at most {@link HttpLimits#bodyBytes}
 * @param client the client's address, without its port
 */
public record HttpRequest(
    String method,
    String path,
    Map<String, List<String>> query,
    @Nullable String fault,
    HttpHeaders headers,
    byte[] body,
    String client) {

  /** The only value of a header, null when there is none or several. */
  public @Nullable String header(String name) {
    List<String> values = headers.getAll(name);
    return values.size() == 1 ? values.get(0) : null;
  }

  /** The first value of a name in the query, null when there is none. */
  public @Nullable String parameter(String name) {
    List<String> values = query.get(name);
    return values == null ? null : values.get(0);
  }

  /** Whether the header is there, in whatever number. */
  public boolean has(String name) {
    return headers.contains(name);
  }

  /** Whether it only looks. */
  public boolean isRead() {
    return method.equals("GET") || method.equals("HEAD");
  }
}
