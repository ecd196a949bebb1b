// Metadata of an identity provider, by implementations for Node: `samlify`, and Auth0's `samlp`.
//
//   node metadata.mjs samlify|samlp ENTITY_ID SIGN_ON_URL CERTIFICATE.pem…

import { readFileSync } from 'node:fs';

import samlify from 'samlify';
import samlp from 'samlp';

const [, , implementation, entityID, url, ...files] = process.argv;
const certificates = files.map((file) => readFileSync(file, 'utf8'));
const BINDINGS = 'urn:oasis:names:tc:SAML:2.0:bindings:';

const implementations = {
  samlify() {
    const provider = samlify.IdentityProvider({
      entityID,
      signingCert: certificates,
      nameIDFormat: ['urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress'],
      singleSignOnService: ['HTTP-Redirect', 'HTTP-POST'].map((binding) => ({
        Binding: BINDINGS + binding,
        Location: url,
      })),
    });
    return provider.getMetadata();
  },
  // Middleware of Express that knows one certificate; this is what Auth0 serves.
  samlp() {
    const { host, pathname } = new URL(url);
    let metadata;
    samlp.metadata({
      issuer: entityID,
      cert: certificates[0],
      redirectEndpointPath: pathname,
      postEndpointPath: pathname,
    })({ headers: { host }, protocol: 'https', originalUrl: '' }, { set() {}, send: (text) => (metadata = text) });
    return metadata;
  },
};
process.stdout.write(implementations[implementation]());
