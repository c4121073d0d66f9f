// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.sink.kafka;

import dev.outboxrelay.sink.tcp.Printable;
import dev.outboxrelay.sink.tcp.TlsFailure;
import org.apache.kafka.common.errors.SaslAuthenticationException;

/** Says in words what went wrong with a broker. */
final class KafkaFailure {
  private static final int MAX_CAUSES = 10;
  private static final int MAX_WORDS = 200;

  private KafkaFailure() {}

  /**
   * @param host the broker's
   */
  static String words(Throwable problem, String host) {
    String tls = TlsFailure.handshake(problem, host);
    if (tls != null) {
      return tls;
    }
    if (problem instanceof SaslAuthenticationException) {
      return "the broker refuses the login: " + said(problem);
    }
    Throwable cause = problem;
    for (int each = 0; cause != null && each < MAX_CAUSES; each++) {
      if (cause instanceof IllegalArgumentException) {
        return said(cause); // of the relay's own, such as for a secret or a name
      }
      cause = cause.getCause();
    }
    return said(problem);
  }

  /** Its own words, on one line and of bounded length. */
  static String said(Throwable problem) {
    String message = problem.getMessage();
    return Printable.text(
        message == null ? "an error (" + problem.getClass().getSimpleName() + ")" : message,
        MAX_WORDS);
  }
}
