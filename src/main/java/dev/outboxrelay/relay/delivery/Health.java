// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.relay.delivery;

/**
 * How a destination does, as this relay reports it. That a connection stands ends unreachability;
 * only an answer ends silence, since a connection alone does not show that anybody serves it.
 */
enum Health {
  /** Nothing was reported yet: what the table says may be of an earlier owner. */
  UNTOLD,
  WELL,
  /** It accepts connections and answers nothing, takes nothing for long, or the relay failed. */
  SILENT,
  /** No connection can be made: memory is dropped, and it is probed. */
  UNREACHABLE,
  /** As {@link #UNREACHABLE}, and it was silent before: that it can be reached is not enough. */
  SILENT_AND_UNREACHABLE;

  /** Whether it is reported as down. */
  boolean isDown() {
    return this != UNTOLD && this != WELL;
  }

  boolean isSilent() {
    return this == SILENT || this == SILENT_AND_UNREACHABLE;
  }

  boolean isUnreachable() {
    return this == UNREACHABLE || this == SILENT_AND_UNREACHABLE;
  }

  /** A connection stands. */
  Health reached() {
    return switch (this) {
      case UNTOLD, WELL, UNREACHABLE -> WELL;
      case SILENT, SILENT_AND_UNREACHABLE -> SILENT;
    };
  }

  /** A message was answered. */
  Health answered() {
    return WELL;
  }

  /** It cannot be said to serve although it can be reached. */
  Health silent() {
    return isUnreachable() ? SILENT_AND_UNREACHABLE : SILENT;
  }

  /** No connection could be made. */
  Health unreachable() {
    return switch (this) {
      case UNTOLD, WELL, UNREACHABLE -> UNREACHABLE;
      case SILENT, SILENT_AND_UNREACHABLE -> SILENT_AND_UNREACHABLE;
    };
  }
}
