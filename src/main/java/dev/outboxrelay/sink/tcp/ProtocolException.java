// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.sink.tcp;

/** A receiver said what the protocol does not allow. The message is for its author. */
final class ProtocolException extends Exception {

  private static final long serialVersionUID = 1L;

  ProtocolException(String message) {
    // No stack trace: a hostile receiver causes as many of these as it likes.
    super(message, null, false, false);
  }
}
