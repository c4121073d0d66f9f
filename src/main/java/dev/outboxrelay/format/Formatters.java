package dev.outboxrelay.format;

import dev.outboxrelay.values.Destination;

/** Finds the formatter of a destination's {@code format}. */
public final class Formatters {

  private static final Formatter CHANGE = new ChangeFormatter();

  private Formatters() {}

  /** The formatter for a format; formatters are stateless and shared by all threads. */
  public static Formatter of(Destination.Format format) {
    return switch (format) {
      case CHANGE -> CHANGE;
      default -> throw new IllegalArgumentException("format " + format + " is not written yet");
    };
  }
}
