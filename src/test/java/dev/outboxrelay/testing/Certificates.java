// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.testing;

import java.io.IOException;
import java.io.StringWriter;
import java.math.BigInteger;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.Date;
import java.util.Locale;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import org.bouncycastle.asn1.DEROctetString;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.cert.X509v3CertificateBuilder;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.openssl.jcajce.JcaPEMWriter;
import org.bouncycastle.openssl.jcajce.JcaPKCS8Generator;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;

/** A certificate authority for tests: makes certificates of every kind, good and bad. */
public final class Certificates {

  private static final char[] PASSWORD = "changeit".toCharArray();

  private final KeyPair keys;
  private final X509Certificate certificate;
  private long serial = 1;

  /** A new authority that nobody knows yet. */
  public Certificates(String name) {
    this.keys = newKeys();
    this.certificate =
        certificate(
            new X500Name("CN=" + name),
            new X500Name("CN=" + name),
            keys,
            keys,
            Instant.now().plus(Duration.ofDays(30)),
            true,
            new GeneralName[0]);
  }

  /** A private key and the certificate for it. */
  public record Identity(PrivateKey key, X509Certificate certificate) {}

  public X509Certificate certificate() {
    return certificate;
  }

  /** A certificate for {@code localhost} and the loopback address. */
  public Identity forLocalhost() {
    return issue(
        Instant.now().plus(Duration.ofDays(10)),
        new GeneralName(GeneralName.dNSName, "localhost"),
        new GeneralName(GeneralName.iPAddress, "127.0.0.1"));
  }

  public Identity forName(String host) {
    return issue(
        Instant.now().plus(Duration.ofDays(10)), new GeneralName(GeneralName.dNSName, host));
  }

  /** For all of these: addresses as such, and names in lower case without the dot at their end. */
  public Identity forNames(Collection<String> hosts) {
    return issue(
        Instant.now().plus(Duration.ofDays(10)),
        hosts.stream().map(Certificates::generalName).toArray(GeneralName[]::new));
  }

  private static GeneralName generalName(String host) {
    if (host.indexOf(':') >= 0 || host.matches("[0-9.]*[0-9]")) {
      try {
        return new GeneralName(
            GeneralName.iPAddress, new DEROctetString(InetAddress.getByName(host).getAddress()));
      } catch (UnknownHostException e) {
        throw new IllegalArgumentException(host + " is no address", e);
      }
    }
    String name = host.toLowerCase(Locale.ROOT);
    return new GeneralName(
        GeneralName.dNSName, name.endsWith(".") ? name.substring(0, name.length() - 1) : name);
  }

  public Identity expired() {
    return issue(
        Instant.now().minus(Duration.ofDays(1)), new GeneralName(GeneralName.dNSName, "localhost"));
  }

  private Identity issue(Instant notAfter, GeneralName... names) {
    KeyPair own = newKeys();
    X500Name issuer = new X500Name(certificate.getSubjectX500Principal().getName());
    return new Identity(
        own.getPrivate(),
        certificate(issuer, new X500Name("CN=test"), keys, own, notAfter, false, names));
  }

  private X509Certificate certificate(
      X500Name issuer,
      X500Name subject,
      KeyPair issuerKeys,
      KeyPair subjectKeys,
      Instant notAfter,
      boolean authority,
      GeneralName[] names) {
    try {
      X509v3CertificateBuilder builder =
          new JcaX509v3CertificateBuilder(
              issuer,
              BigInteger.valueOf(++serial),
              Date.from(notAfter.minus(Duration.ofDays(60))),
              Date.from(notAfter),
              subject,
              subjectKeys.getPublic());
      builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(authority));
      if (names.length > 0) {
        builder.addExtension(Extension.subjectAlternativeName, false, new GeneralNames(names));
      }
      return new JcaX509CertificateConverter()
          .getCertificate(
              builder.build(
                  new JcaContentSignerBuilder("SHA256withECDSA").build(issuerKeys.getPrivate())));
    } catch (IOException | GeneralSecurityException | OperatorCreationException e) {
      throw new AssertionError("no certificate could be made", e);
    }
  }

  private static KeyPair newKeys() {
    try {
      KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
      generator.initialize(256);
      return generator.generateKeyPair();
    } catch (GeneralSecurityException e) {
      throw new AssertionError("no keys could be made", e);
    }
  }

  /**
   * What a server with this identity speaks TLS with; clients must show our certificate or none.
   */
  public SSLContext server(Identity identity) {
    try {
      KeyStore trusted = KeyStore.getInstance("PKCS12");
      trusted.load(null, null);
      trusted.setCertificateEntry("ca", certificate);
      TrustManagerFactory trustManagers =
          TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
      trustManagers.init(trusted);
      return server(identity, trustManagers.getTrustManagers());
    } catch (IOException | GeneralSecurityException e) {
      throw new AssertionError("no TLS context could be made", e);
    }
  }

  /** A server that has its clients' certificates judged by these. */
  public static SSLContext server(Identity identity, TrustManager... judges) {
    try {
      KeyStore own = KeyStore.getInstance("PKCS12");
      own.load(null, null);
      own.setKeyEntry("own", identity.key(), PASSWORD, new Certificate[] {identity.certificate()});
      KeyManagerFactory keyManagers =
          KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
      keyManagers.init(own, PASSWORD);
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(keyManagers.getKeyManagers(), judges, null);
      return context;
    } catch (IOException | GeneralSecurityException e) {
      throw new AssertionError("no TLS context could be made", e);
    }
  }

  public static Path writeCertificate(X509Certificate certificate, Path file) throws IOException {
    return write(certificate, file);
  }

  public static Path writeKey(PrivateKey key, Path file) throws IOException {
    return write(new JcaPKCS8Generator(key, null), file);
  }

  private static Path write(Object content, Path file) throws IOException {
    StringWriter text = new StringWriter();
    try (JcaPEMWriter pem = new JcaPEMWriter(text)) {
      pem.writeObject(content);
    }
    return Files.writeString(file, text.toString());
  }
}
