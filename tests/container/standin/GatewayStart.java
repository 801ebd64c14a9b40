package ibgroup.web.core.clientportal.gw;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsParameters;
import com.sun.net.httpserver.HttpsServer;
import java.io.IOException;
import java.io.InputStream;
import java.net.BindException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.security.KeyStore;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;

/**
 * Stands in for the Client Portal Gateway in tests: a proxy with a session of its own that behaves, well and badly, as the
 * real program was measured to: silent on a keystore that it can't open, alive on a taken port, without end on an upstream
 * that can't be reached, open to everybody when one of the address lists is missing.
 */
public final class GatewayStart {
    private static final Set<String> KEPT_COOKIES =
            Set.of("api", "cp", "portal", "web", "URL_PARAM", "RL", "JSESSIONID", "USERID", "XYZAB", "XYZAB_AM.LOGIN", "REGION");

    private final Configuration configuration;
    private final HttpClient client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1)
            .followRedirects(HttpClient.Redirect.NEVER).build();
    private final Semaphore upstreamConnections = new Semaphore(5);
    private final Map<String, String> jar = new ConcurrentHashMap<>();

    private GatewayStart(Configuration configuration) {
        this.configuration = configuration;
    }

    /** What is understood of conf.yaml. */
    private static final class Configuration {
        final List<String> lines;

        Configuration(String text) {
            lines = text.lines().map(line -> line.replaceAll("\\s+#.*$", "")).filter(line -> !line.isBlank()
                    && !line.strip().startsWith("#")).toList();
        }

        String value(String key) {
            for (String line : lines) {
                if (line.strip().startsWith(key + ":")) {
                    return unquoted(line.strip().substring(key.length() + 1).strip());
                }
            }
            return "";
        }

        /** The list below a key, or null when the key is missing. */
        List<String> list(String key) {
            List<String> found = null;
            for (String line : lines) {
                if (line.strip().startsWith(key + ":")) {
                    found = new ArrayList<>();
                } else if (found != null && line.strip().startsWith("- ")) {
                    found.add(unquoted(line.strip().substring(2).strip()));
                } else if (found != null) {
                    break;
                }
            }
            return found;
        }

        private static String unquoted(String text) {
            return text.replaceAll("^[\"']|[\"']$", "");
        }
    }

    public static void main(String[] arguments) throws Exception {
        String resource = arguments[1].substring(arguments[1].lastIndexOf('/') + 1);
        Configuration configuration = new Configuration(resource(resource));
        System.out.println("Open https://localhost:" + configuration.value("listenPort") + " to login");
        if (!resource("logback.xml").contains("clientportal.gw.GatewayStart\" level=\"WARN\"")) {
            System.out.println("INFO configuration: " + configuration.lines);
        }
        new GatewayStart(configuration).listen();
        Thread.currentThread().join();
    }

    private static String resource(String name) throws IOException {
        try (InputStream stream = GatewayStart.class.getClassLoader().getResourceAsStream(name)) {
            return stream == null ? "" : new String(stream.readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    private void listen() throws Exception {
        SSLContext context = SSLContext.getInstance("TLSv1.2");
        try (InputStream stream = GatewayStart.class.getClassLoader().getResourceAsStream(configuration.value("sslCert"))) {
            char[] password = configuration.value("sslPwd").toCharArray();
            KeyStore store = KeyStore.getInstance("PKCS12");
            store.load(stream, password);
            KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
            keys.init(store, password);
            context.init(keys.getKeyManagers(), null, null);
        } catch (Exception silent) {
            return; // no word, no port, no end
        }
        HttpsServer server;
        try {
            server = HttpsServer.create(new InetSocketAddress(Integer.parseInt(configuration.value("listenPort"))), 50);
        } catch (BindException taken) {
            System.out.println("Server listen failed " + taken.getMessage());
            return;
        }
        server.setHttpsConfigurator(new HttpsConfigurator(context) {
            @Override
            public void configure(HttpsParameters parameters) {
                SSLParameters only = context.getDefaultSSLParameters();
                only.setProtocols(new String[] {"TLSv1.2"});
                parameters.setSSLParameters(only);
            }
        });
        server.setExecutor(Executors.newCachedThreadPool());
        server.createContext("/", this::answer);
        server.start();
    }

    private void answer(HttpExchange exchange) throws IOException {
        byte[] body = exchange.getRequestBody().readAllBytes();
        String path = exchange.getRequestURI().getPath();
        String origin = exchange.getRequestHeaders().getFirst("Origin");
        String allowedOrigins = configuration.value("origin.allowed");
        if (!isAllowed(exchange.getRemoteAddress().getAddress().getHostAddress())) {
            reply(exchange, 404, "Access Denied");
        } else if (origin != null && !allowedOrigins.equals("*") && !origin.matches(allowedOrigins)) {
            reply(exchange, 403, "CORS Rejected - Invalid origin");
        } else if (path.equals("/")) {
            exchange.getResponseHeaders().set("Location", "/sso/Login?forwardTo=22&RL=1&ip2loc=" + configuration.value("ip2loc"));
            reply(exchange, 302, "");
        } else {
            pass(exchange, path, body);
        }
    }

    private boolean isAllowed(String address) {
        List<String> allowed = configuration.list("allow");
        List<String> denied = configuration.list("deny");
        if (allowed == null || denied == null) {
            return true;
        }
        return matches(allowed, address) && !matches(denied, address);
    }

    private static boolean matches(List<String> patterns, String address) {
        return patterns.stream().anyMatch(pattern -> pattern.endsWith("*")
                ? address.startsWith(pattern.substring(0, pattern.length() - 1)) : address.equals(pattern));
    }

    private void pass(HttpExchange exchange, String path, byte[] body) throws IOException {
        String query = exchange.getRequestURI().getRawQuery();
        HttpResponse<byte[]> upstream = ask(exchange.getRequestMethod(), path + (query == null ? "" : "?" + query), body,
                exchange.getRequestHeaders().getFirst("Content-Type"));
        if (upstream == null) {
            try {
                Thread.sleep(Long.MAX_VALUE); // the client gets nothing
            } catch (InterruptedException ended) {
                Thread.currentThread().interrupt();
            }
            return;
        }
        upstream.headers().map().forEach((name, values) -> {
            if (!name.equalsIgnoreCase("content-length") && !name.equalsIgnoreCase("transfer-encoding")) {
                exchange.getResponseHeaders().put(name, values);
            }
        });
        if (path.equals("/sso/Dispatcher") && upstream.statusCode() == 302) {
            System.out.println("Client login succeeds");
            new Thread(this::takeUpLogin).start();
            reply(exchange, 200, "Client login succeeds");
        } else {
            exchange.sendResponseHeaders(upstream.statusCode(), upstream.body().length == 0 ? -1 : 0);
            if (upstream.body().length > 0) {
                exchange.getResponseBody().write(upstream.body());
            }
            exchange.close();
        }
    }

    /** What the real program does by itself once somebody has logged in. */
    private void takeUpLogin() {
        ask("GET", "/v1/portal/sso/validate?gw=1", new byte[0], null);
        ask("GET", "/v1/portal/ssodh/init", new byte[0], null);
        byte[] body = "{\"username\":\"user\",\"machineId\":\"00000000\",\"compete\":true}".getBytes(StandardCharsets.UTF_8);
        ask("POST", "/v1/portal/iserver/auth/ssodh/init", body, "application/json");
        ask("GET", "/v1/portal/iserver/accounts", new byte[0], null);
        try {
            while (true) {
                Thread.sleep(30_000);
                ask("GET", "/v1/portal/tickle", new byte[0], null);
            }
        } catch (InterruptedException ended) {
            Thread.currentThread().interrupt();
        }
    }

    private HttpResponse<byte[]> ask(String method, String path, byte[] body, String type) {
        upstreamConnections.acquireUninterruptibly();
        try {
            HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(configuration.value("proxyRemoteHost") + path))
                    .method(method, body.length == 0 ? HttpRequest.BodyPublishers.noBody()
                            : HttpRequest.BodyPublishers.ofByteArray(body))
                    .header("User-Agent", "ClientPortalGW/1");
            if (type != null) {
                request.header("Content-Type", type);
            }
            if (!jar.isEmpty()) {
                List<String> pairs = new ArrayList<>();
                jar.forEach((name, value) -> pairs.add(name + "=" + value));
                request.header("Cookie", String.join("; ", pairs));
            }
            HttpResponse<byte[]> response = client.send(request.build(), HttpResponse.BodyHandlers.ofByteArray());
            for (String cookie : response.headers().allValues("set-cookie")) {
                String[] pair = cookie.split(";", 2)[0].split("=", 2);
                if (pair.length == 2 && KEPT_COOKIES.contains(pair[0])) {
                    jar.put(pair[0], pair[1]);
                }
            }
            return response;
        } catch (IOException | RuntimeException unreachable) {
            System.out.println("ERROR uri " + path + " failed: " + unreachable);
            return null;
        } catch (InterruptedException ended) {
            Thread.currentThread().interrupt();
            return null;
        } finally {
            upstreamConnections.release();
        }
    }

    private static void reply(HttpExchange exchange, int status, String text) throws IOException {
        byte[] body = text.getBytes(StandardCharsets.UTF_8);
        exchange.sendResponseHeaders(status, body.length == 0 ? -1 : body.length);
        if (body.length > 0) {
            exchange.getResponseBody().write(body);
        }
        exchange.close();
    }
}
