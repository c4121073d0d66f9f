// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.http;

import java.time.Duration;

/**
 * What a client may take.
 *
 * @param connections open at once; beyond that the one that has been idle longest is closed
 * @param request how long a whole request may take, from its first byte, or from the connection on
 * @param response how long a response may take until the client has taken it
 * @param idle how long a connection may wait for its next request
 * @param bodyBytes of a request
 * @param pages made at the same time on threads beside
 */
public record HttpLimits(
    int connections, Duration request, Duration response, Duration idle, int bodyBytes, int pages) {

  /** More than a scraper, a supervisor and a person need. */
  public static final HttpLimits DEFAULT =
      new HttpLimits(64, Duration.ofSeconds(5), Duration.ofSeconds(10), Duration.ofSeconds(30));

  /** The first line of a request, and all its headers. */
  static final int MAX_LINE_BYTES = 4 * 1024;

  static final int MAX_HEADER_BYTES = 8 * 1024;

  /** Where nothing that is served reads a body. */
  private static final int UNREAD_BODY_BYTES = 8 * 1024;

  public HttpLimits {
    if (connections < 1) {
      throw new IllegalArgumentException("connections is " + connections + ", need 1 or more");
    }
  }

  /** For pages that read no body, made one at a time. */
  public HttpLimits(int connections, Duration request, Duration response, Duration idle) {
    this(connections, request, response, idle, UNREAD_BODY_BYTES, 1);
  }
}
