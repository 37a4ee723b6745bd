// url, key and, if not the system's roots are to be trusted, authority
package main

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"time"
)

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

func part(value any) string {
	return base64.RawURLEncoding.EncodeToString(must(json.Marshal(value)))
}

func main() {
	block, _ := pem.Decode(must(os.ReadFile(os.Args[2])))
	key := must(x509.ParsePKCS8PrivateKey(block.Bytes)).(*rsa.PrivateKey)
	jti := make([]byte, 16)
	must(rand.Read(jti))
	now := time.Now().Unix()
	input := part(map[string]any{"alg": "RS256", "typ": "JWT"}) + "." + part(map[string]any{
		"iss": "app", "sub": "ann", "aud": os.Args[1], "jti": hex.EncodeToString(jti), "iat": now, "exp": now + 45,
	})
	digest := sha256.Sum256([]byte(input))
	signature := must(rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, digest[:]))
	var roots *x509.CertPool
	if len(os.Args) > 3 {
		roots = x509.NewCertPool()
		roots.AppendCertsFromPEM(must(os.ReadFile(os.Args[3])))
	}
	client := http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}}}
	reply := must(client.PostForm(os.Args[1], url.Values{
		"grant_type": {"urn:ietf:params:oauth:grant-type:jwt-bearer"},
		"assertion":  {input + "." + base64.RawURLEncoding.EncodeToString(signature)},
	}))
	defer reply.Body.Close()
	var token struct {
		AccessToken string `json:"access_token"`
	}
	if err := json.NewDecoder(reply.Body).Decode(&token); err != nil {
		panic(err)
	}
	fmt.Println(token.AccessToken)
}
