// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.sink;

import java.util.List;
import java.util.Set;

/**
 * What a transport declares of itself: the database's checks and the reference page say the same,
 * which tests compare.
 *
 * @param schemes what a destination's uri begins with, before {@code ://}
 * @param options what may stand in a destination's {@code options}
 * @param order what it promises of the order of messages
 * @param framing how messages are told apart
 * @param acknowledgement what counts as delivered
 * @param deferral how a receiver says that it takes no more at the moment
 */
public record TransportKind(
    List<String> schemes,
    List<OptionKind> options,
    String order,
    String framing,
    String acknowledgement,
    String deferral) {

  private static final Set<String> SECURE = Set.of("tls", "https", "amqps");

  public TransportKind {
    schemes = List.copyOf(schemes);
    options = List.copyOf(options);
  }

  /** Whether a scheme speaks TLS. */
  public static boolean speaksTls(String scheme) {
    return SECURE.contains(scheme) || scheme.startsWith("tls+");
  }

  /**
   * An option of a destination.
   *
   * @param type {@code text}, {@code number LEAST MOST}, {@code choice A B}, {@code secret} (a
   *     reference), {@code secrets} (one reference or several) or {@code headers} (names with texts
   *     or references)
   * @param byDefault in words
   * @param help what it does
   * @param secureOnly whether it goes with a scheme that speaks TLS alone
   */
  public record OptionKind(
      String name, String type, String byDefault, String help, boolean secureOnly) {

    /** One for every scheme. */
    public static OptionKind of(String name, String type, String byDefault, String help) {
      return new OptionKind(name, type, byDefault, help, false);
    }

    /** The options for TLS, which all transports have in common. */
    public static List<OptionKind> tls() {
      return List.of(
          tls("tls_ca", "those of the Java runtime", "a PEM file with the certificates to trust"),
          tls("tls_cert", "none", "a PEM file with the relay's own certificate"),
          tls("tls_key", "none", "a PEM file with the private key for it"),
          tls("tls_server_name", "the uri's host", "the name that the certificate must bear"));
    }

    private static OptionKind tls(String name, String byDefault, String help) {
      return new OptionKind(name, "text", byDefault, help, true);
    }
  }
}
