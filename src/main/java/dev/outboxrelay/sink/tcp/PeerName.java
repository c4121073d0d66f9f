// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.sink.tcp;

import io.netty.handler.ssl.SslHandler;
import java.net.IDN;
import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLPeerUnverifiedException;
import org.jspecify.annotations.Nullable;

/**
 * Holds a receiver's certificate against a name that Java's own check refuses to look at. That is
 * one with an underscore, as Docker and Kubernetes give them out, and one with a label that begins
 * with {@code xn--} and does not decode to a name. All other names are left to Java.
 *
 * <p>INVARIANT: whoever takes the check from Java ({@link #expect}) asks {@link #objection} before
 * the connection is used.
 *
 * <p>The name is not asked for in the handshake (SNI): receivers written in Java end the handshake
 * over an underscore there.
 */
final class PeerName {

  private static final int DNS_NAME = 2;
  private static final int MAX_NAMES_SHOWN = 5;

  private final String name;

  /** Which name: the destination's host, or its {@code tls_server_name}. */
  PeerName(String name) {
    this.name = name;
  }

  /** An IPv6 address has colons; an IPv4 address passes for a name that Java reads. */
  private boolean isOurs() {
    return name.indexOf(':') < 0 && !javaReads(HostName.withoutFinalDot(name));
  }

  /** Java takes for a name only what is one as it is written, and decoded. */
  private static boolean javaReads(String name) {
    try {
      String decoded = IDN.toUnicode(IDN.toASCII(new SNIHostName(name).getAsciiName()));
      return !new SNIHostName(decoded).getAsciiName().isEmpty();
    } catch (RuntimeException e) {
      // Whatever it is: Java's check passes over the name for the same reason.
      return false;
    }
  }

  /** Before the handshake. Whose certificate it is and who signed it stays Java's to check. */
  void expect(SslHandler handler) {
    if (isOurs()) {
      SSLParameters parameters = handler.engine().getSSLParameters();
      parameters.setEndpointIdentificationAlgorithm("");
      handler.engine().setSSLParameters(parameters);
    }
  }

  /** After the handshake: why the receiver is not the one that was meant, or null. */
  @Nullable String objection(SslHandler handler) {
    if (!isOurs()) {
      return null;
    }
    List<String> names;
    try {
      names = names((X509Certificate) handler.engine().getSession().getPeerCertificates()[0]);
    } catch (SSLPeerUnverifiedException | CertificateParsingException e) {
      return "the receiver's certificate cannot be read: " + e.getMessage();
    }
    String wanted = HostName.withoutFinalDot(name).toLowerCase(Locale.ROOT);
    if (names.stream().anyMatch(each -> matches(each.toLowerCase(Locale.ROOT), wanted))) {
      return null;
    }
    String shown = String.join(", ", names.subList(0, Math.min(names.size(), MAX_NAMES_SHOWN)));
    return "the receiver's certificate is not for '" + name + "': its names are [" + shown + "]";
  }

  private static List<String> names(X509Certificate certificate)
      throws CertificateParsingException {
    List<String> names = new ArrayList<>();
    Collection<List<?>> all = certificate.getSubjectAlternativeNames();
    if (all != null) {
      for (List<?> each : all) {
        if (Integer.valueOf(DNS_NAME).equals(each.get(0))) {
          names.add(String.valueOf(each.get(1)));
        }
      }
    }
    return names;
  }

  /** A star stands for the first label, and only above a name of two labels or more. */
  private static boolean matches(String certified, String wanted) {
    if (!certified.startsWith("*.")) {
      return certified.equals(wanted);
    }
    String parent = certified.substring(1);
    int dot = wanted.indexOf('.');
    return dot > 0 && parent.indexOf('.', 1) > 0 && wanted.substring(dot).equals(parent);
  }
}
